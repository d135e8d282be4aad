/** The package ships no types. It runs `systemd-notify` and rejects with that program's message, a plain string. */
declare module 'systemd-notify' {
  interface Notification {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  function notify(notification: Notification): Promise<unknown>;
  export = notify;
}
