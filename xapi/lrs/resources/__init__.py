"""One module per resource of xAPI, each a blueprint made by a function that is handed what it works with."""
