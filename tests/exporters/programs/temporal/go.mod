module example.com/scraped/temporal

go 1.26.0

require (
	go.temporal.io/api v1.63.5
	go.temporal.io/server v1.32.0
)
