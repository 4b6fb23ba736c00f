"""Which network addresses are somebody's on the Internet, and none of this house or this machine."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# IPv6 addresses that mean an IPv4 one: it is that one that is reached (RFC 6052, RFC 4291).
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


def is_public(address: str) -> bool:
    """Whether this IP address is a public one of a single host; False for what is no IP address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if any(found in network for network in _TRANSLATED):
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        within = found.ipv4_mapped or found.sixtofour
        if within is not None:
            return is_public(str(within))
    return found.is_global and not found.is_multicast
