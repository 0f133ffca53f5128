module github.com/waxseal/waxseal/internal/mutation

go 1.26.0
