"""What is traded and at what price: instruments, markets, calendars, feeds, ticks, candles, the distribution hub."""
