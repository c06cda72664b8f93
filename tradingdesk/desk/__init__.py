"""The highest layer: the market process, the demo desk, health, and pages that need every app."""
