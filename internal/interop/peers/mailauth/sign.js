// sign KEY.pem DOMAIN SELECTOR CANON ALGO
//
// Signs with mailauth.
'use strict';

const fs = require('node:fs');
const { dkimSign } = require('mailauth/lib/dkim/sign');
const { serve } = require('./frames');

const args = process.argv.slice(2);
if (args.length !== 5) {
    console.error('usage: sign KEY.pem DOMAIN SELECTOR CANON ALGO');
    process.exit(2);
}
const [keyfile, signingDomain, selector, canonicalization, algorithm] = args;
const privateKey = fs.readFileSync(keyfile);

serve(async message => {
    const { signatures, errors } = await dkimSign(message, {
        canonicalization,
        algorithm,
        signTime: new Date(),
        signatureData: [{ signingDomain, selector, privateKey }]
    });
    if (errors.length) {
        throw errors[0].err;
    }
    return Buffer.concat([Buffer.from(signatures), message]);
});
