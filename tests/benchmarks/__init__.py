"""Tests of what benchmarks count and measure."""
