// Every page works without this file; each module below adds one comfort to what is there.
import "./copy.js";
import "./share.js";
import "./dialog.js";
import "./once.js";
import "./menu.js";
import "./summary.js";
import "./progress.js";
