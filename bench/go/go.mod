module onedoor-bench

go 1.19
