// The loop of sign.js and verify.js: see the README.md in the folder above.
'use strict';

// Yields the messages on standard input.
async function* messages() {
    let rest = Buffer.alloc(0);
    for await (const chunk of process.stdin) {
        rest = Buffer.concat([rest, chunk]);
        for (;;) {
            const end = rest.indexOf('\n') + 1;
            const size = Number(rest.subarray(0, end));
            if (end === 0 || rest.length < end + size) {
                break;
            }
            yield rest.subarray(end, end + size);
            rest = rest.subarray(end + size);
        }
    }
}

// Answers every message on standard input with await answer(message). What
// answer throws is the peer's refusal of the message.
exports.serve = async answer => {
    for await (const message of messages()) {
        let word = 'ok';
        let reply;
        try {
            reply = Buffer.from(await answer(message));
        } catch (err) {
            word = 'error';
            reply = Buffer.from(String(err.message));
        }
        process.stdout.write(Buffer.concat([Buffer.from(`${word} ${reply.length}\n`), reply]));
    }
};
