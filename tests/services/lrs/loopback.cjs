// Preloaded into the foreign LRS. It would listen on every interface: keeps it to 127.0.0.1.
//
// Its store in memory pages by ids that are times as text, which begin anew every seven minutes: what lies beyond is then
// left out. The ids of the store that it has in use always grow; so do these.

const { Server } = require("node:net");
const uuid = require("uuid");

let made = 0;
const v1 = uuid.v1;
uuid.v1 = (...given) => (given.length ? v1(...given) : (made++).toString(16).padStart(8, "0") + v1().slice(8));

const listen = Server.prototype.listen;
Server.prototype.listen = function (where, ...rest) {
  if (where !== null && typeof where === "object") return listen.call(this, { ...where, host: "127.0.0.1" }, ...rest);
  const done = rest.filter((argument) => typeof argument === "function");
  return listen.call(this, where, "127.0.0.1", ...done);
};
