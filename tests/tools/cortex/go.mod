module nthc.dev/tools/cortex

go 1.25.0

require github.com/cortexproject/cortex v1.21.1
