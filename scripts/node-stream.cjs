// See pg-stream.js. `tls` is loaded on demand: most connections do not use it.
module.exports = {
  getStream: () => new (require('node:net').Socket)(),
  getSecureStream: (options) => require('node:tls').connect(options),
};
