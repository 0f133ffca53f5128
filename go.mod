module github.com/waxseal/waxseal

go 1.26.0
