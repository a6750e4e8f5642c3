/** Clients that send a target as it is, over HTTP/1.1 and HTTP/2. */
import http2 from "node:http2";
import https from "node:https";
import tls from "node:tls";

import { type Answer, PEOPLE, type Request, secretOf } from "./access-requests";
import { DOMAIN, PASSWORD } from "./stack";

export interface Sender {
    /** @param agent tells the request in the access log */
    send(request: Request, agent: string): Promise<Answer>;
    close(): void;
}

export const authorization = (who: string): string | undefined => {
    const { name } = PEOPLE[who] ?? {};
    if (name === undefined) return undefined;
    const login = `${name}:${name === "admin" ? PASSWORD : secretOf(name)}`;
    return `Basic ${Buffer.from(login).toString("base64")}`;
};

export function overHttp1(port: number, ca: string): Sender {
    const http1 = new https.Agent({ keepAlive: true, maxSockets: 8 });
    const send = ({ method, target, who }: Request, agent: string): Promise<Answer> =>
        new Promise((resolve, reject) => {
            const login = authorization(who);
            const request = https.request({
                agent: http1,
                host: "127.0.0.1",
                port,
                ca,
                servername: DOMAIN,
                method,
                path: target,
                headers: {
                    Host: DOMAIN,
                    "User-Agent": agent,
                    "Content-Length": 0,
                    ...(login === undefined ? {} : { Authorization: login }),
                },
            });
            request.on("error", reject).on("response", (response) => {
                let body = "";
                response.setEncoding("utf8").on("data", (text: string) => (body += text));
                response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
            });
            request.end();
        });
    return { send, close: () => http1.destroy() };
}

export function overHttp2(port: number, ca: string): Sender {
    const connect = () =>
        http2
            .connect(`https://${DOMAIN}:${port}`, {
                createConnection: () =>
                    tls.connect({
                        ...{ host: "127.0.0.1", port, ca },
                        ...{ servername: DOMAIN, ALPNProtocols: ["h2"] },
                    }),
            })
            // Told by the requests on it.
            .on("error", () => undefined);
    let session = connect();
    const once = ({ method, target, who }: Request, agent: string): Promise<Answer> =>
        new Promise((resolve, reject) => {
            const login = authorization(who);
            const stream = session.request({
                ":method": method,
                ":path": target,
                ":authority": DOMAIN,
                "user-agent": agent,
                ...(login === undefined ? {} : { authorization: login }),
            });
            let [status, body] = [0, ""];
            stream.setEncoding("utf8").on("data", (text: string) => (body += text));
            stream.on("response", (headers) => (status = headers[":status"] ?? 0));
            stream.on("error", reject).on("end", () => resolve({ status, body }));
            stream.end();
        });
    const send = async (request: Request, agent: string): Promise<Answer> => {
        // nginx ends a connection after 1000 requests; what it has not taken by then is sent again.
        for (let left = 3; ; left--) {
            const used = session;
            try {
                return await once(request, agent);
            } catch (error) {
                if (left === 0) throw error;
                if (used === session) session = connect();
            }
        }
    };
    return { send, close: () => session.close() };
}
