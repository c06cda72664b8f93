"""The end of the trading day: prices, marks, fees, snapshot, zero-sum proof."""
