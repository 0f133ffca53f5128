module github.com/waxseal/waxseal/examples/kms

go 1.26.0

require (
	github.com/miekg/pkcs11 v1.1.2
	github.com/waxseal/waxseal v0.0.0
)

require (
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/waxseal/waxseal => ../..
