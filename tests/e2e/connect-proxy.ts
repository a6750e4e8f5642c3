/** An HTTP proxy that is the only way to a host: it wants a login, and knows a name that nothing else does. */
import http from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export class ConnectProxy {
    /** Hosts that were asked for. */
    readonly asked: string[] = [];
    private readonly sockets = new Set<Socket>();
    private readonly server = http.createServer();

    /** @param login USER:PASSWORD @param knows name → port of this machine */
    constructor(login: string, knows: () => Record<string, number>) {
        const right = `Basic ${Buffer.from(login).toString("base64")}`;
        this.server.on("connect", (request: http.IncomingMessage, socket: Socket) => {
            const [host = ""] = (request.url ?? "").split(":");
            this.asked.push(host);
            const port = knows()[host];
            this.sockets.add(socket);
            if (request.headers["proxy-authorization"] !== right || port === undefined) {
                socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
                return;
            }
            const there = connect(port, "127.0.0.1", () => {
                socket.write("HTTP/1.1 200 OK\r\n\r\n");
                socket.pipe(there).pipe(socket);
            });
            for (const end of [socket, there]) end.on("error", () => (socket.destroy(), there.destroy()));
        });
    }

    /** @param address at which it listens @returns its port */
    async start(address: string): Promise<number> {
        await new Promise<void>((done) => this.server.listen(0, address, done));
        return (this.server.address() as AddressInfo).port;
    }

    async dispose(): Promise<void> {
        this.server.close();
        for (const socket of this.sockets) socket.destroy();
        await Promise.resolve();
    }
}
