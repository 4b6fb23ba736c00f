"""Measures the running service as the people who use it meet it; docs/benchmarks.md shows what came out."""
