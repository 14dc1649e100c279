// The pages' one script: htmx, which swaps the fragments that the server sends.

import "htmx.org";
