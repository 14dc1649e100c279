"""The audit: reads an LRS back and proves that what is due there is there, exactly once and as it was sent."""
