package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// How many rows there are to one in which the other tools are evaluated, where their cells are taken from a page.
const othersEvery = 8

// What a page says of the other tools, by the names of shapes.
type keptPage map[string]*keptRow

// What a page says of the other tools in a row: what they say of the true value, as it is written there, and how their pages did.
type keptRow struct {
	said  []string
	pages []verdict
}

// Reads a page; without a path, nothing is known.
func readKept(path string) (keptPage, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := keptPage{}
	row := func(name string) *keptRow {
		if rows[name] == nil {
			rows[name] = &keptRow{}
		}
		return rows[name]
	}
	header := ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		name := strings.TrimSuffix(cells[0], " *B*")
		switch {
		case !strings.HasPrefix(line, "|"):
			header = ""
		case header == "":
			header = line
		case strings.HasPrefix(header, "| shape | what happens | true |") && len(cells) >= 6:
			row(name).said = cells[4:6]
		case strings.HasPrefix(header, "| shape | nthc due |") && len(cells) == 13:
			for tool := 1; tool <= 2; tool++ {
				one, err := verdictIn(cells[1+3*tool : 4+3*tool])
				if err != nil {
					// The line below the header.
					break
				}
				row(name).pages = append(row(name).pages, one)
			}
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rows", path)
	}
	return rows, nil
}

func verdictIn(cells []string) (verdict, error) {
	var numbers [3]int
	for i, cell := range cells {
		number, err := strconv.Atoi(cell)
		if err != nil {
			return verdict{}, err
		}
		numbers[i] = number
	}
	return verdict{due: numbers[0], missing: numbers[1], wrong: numbers[2]}, nil
}

// What the page says of a shape, or of each of its routes; nothing where it does not know one of them.
func (k keptPage) rows(s *shape) []*keptRow {
	parts := s.routes
	if len(parts) == 0 {
		parts = []*shape{s}
	}
	var rows []*keptRow
	for _, part := range parts {
		found := k.row(part)
		if found == nil {
			return nil
		}
		rows = append(rows, found)
	}
	return rows
}

func (k keptPage) row(s *shape) *keptRow {
	found := k[s.name]
	if found == nil || len(found.said) != 2 || !s.limit && len(found.pages) != 2 {
		return nil
	}
	return found
}

// Takes what is said of the other tools into a row.
func (r *row) take(kept *keptRow) {
	r.cells = kept.said
	r.pages = append(r.pages, kept.pages...)
}

// What a tool says, beside the true value.
func (r *row) cell(tool int) string {
	if tool > 0 && r.cells != nil {
		return r.cells[tool-1]
	}
	return beside(r.said[tool], r.truth)
}
