// bench KEY.pem DOMAIN SELECTOR RECORD MESSAGE SIGNED
//
// Measures mailauth: see the README.md in the folder above.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { createRequire } = require('node:module');

const mailauth = createRequire(path.join(__dirname, '../../../interop/peers/mailauth/package.json'));
const { dkimSign } = mailauth('mailauth/lib/dkim/sign');
const { dkimVerify } = mailauth('mailauth/lib/dkim/verify');

const [keyfile, signingDomain, selector, record, ...files] = process.argv.slice(2);
if (files.length !== 2) {
    console.error('usage: bench KEY.pem DOMAIN SELECTOR RECORD MESSAGE SIGNED');
    process.exit(2);
}
const privateKey = fs.readFileSync(keyfile);
const [message, signed] = files.map(name => fs.readFileSync(name));
const strings = record.match(/.{1,255}/gs);

const once = {
    async sign() {
        const { errors } = await dkimSign(message, {
            canonicalization: 'relaxed/relaxed',
            algorithm: 'rsa-sha256',
            signTime: new Date(),
            signatureData: [{ signingDomain, selector, privateKey }]
        });
        if (errors.length) {
            throw errors[0].err;
        }
    },
    async verify() {
        const { results } = await dkimVerify(signed, { resolver: async () => [strings] });
        if (results[0].status.result !== 'pass') {
            throw new Error(JSON.stringify(results[0].status));
        }
    }
};

async function main() {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const [word, times] = line.split(' ');
        const start = process.cpuUsage();
        for (let i = 0; i < Number(times); i++) {
            await once[word]();
        }
        const { user, system } = process.cpuUsage(start);
        process.stdout.write(`${(user + system) * 1000}\n`);
    }
}

main().catch(err => {
    console.error(err.message);
    process.exit(1);
});
