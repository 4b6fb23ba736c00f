"""Facts: written in the transaction that ends a promise, made again from the timelines, and asked for as of an
earlier instant."""

from helpdesk.store.facts import Question


def settled(question: Question) -> Question:
    """The question made ready to be asked (store.facts.count, list_promises ...), several times if need be:
    with what is counted beside the facts, promises open at its instant and excuses that stood then.

    As of an earlier instant both come from the timelines as they were known then: entries, windows,
    calendars, policies. So a report run again gives the same for ever.
    """
    raise NotImplementedError
