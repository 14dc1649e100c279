"""From events to xAPI statements to the LRS, and back: building, delivering, reading, and the bundled LRS."""
