// See pg-stream.js. Loaded when it is wanted: most connections need no TLS.
module.exports = {
  getStream: () => new (require('node:net').Socket)(),
  getSecureStream: (options) => require('node:tls').connect(options),
};
