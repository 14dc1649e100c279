// Preloaded into a server that would listen on every interface: keeps it to 127.0.0.1.

const { Server } = require("node:net");

const listen = Server.prototype.listen;
Server.prototype.listen = function (where, ...rest) {
  if (where !== null && typeof where === "object") return listen.call(this, { ...where, host: "127.0.0.1" }, ...rest);
  const done = rest.filter((argument) => typeof argument === "function");
  return listen.call(this, where, "127.0.0.1", ...done);
};
