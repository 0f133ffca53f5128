module github.com/waxseal/waxseal/internal/ossfuzz

go 1.26.0
