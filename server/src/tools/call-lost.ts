/** The tool server could not be reached: the call was not sent and has no effect. */
export class ServerUnreachable extends Error {
  constructor(server: string, options?: ErrorOptions) {
    super(`The tool server ${server} cannot be reached`, options);
    this.name = "ServerUnreachable";
  }
}

/** The connection was lost after the call was sent: whether it had an effect will never be known. */
export class CallLost extends Error {
  constructor(server: string, options?: ErrorOptions) {
    super(`The connection to the tool server ${server} was lost during the call; it may have taken effect`, options);
    this.name = "CallLost";
  }
}
