// The panel's page: shows it, or, where the address was loaded anew, fetches it first.

import { startPage } from "./panel/page.js";
import { openShell } from "./panel/shell.js";

const shell = document.querySelector("[data-shell]");
if (shell) openShell(shell);
else if (document.getElementById("config")) startPage();
