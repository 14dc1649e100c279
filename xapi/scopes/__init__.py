"""What of an act leaves for an LRS: the institution's rules, people's own choices, pseudonyms."""
