// The console's page of reports: its pictures.

import { drawAll } from "./reports/pictures.js";

drawAll(document);
