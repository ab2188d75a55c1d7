module parsers

go 1.21
