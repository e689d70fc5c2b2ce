package main

// How a tool's alerts are meant: one for each pair of windows.
type pair struct {
	short, long int64
	factor      float64
	hold        int64
}

// When a page was due may be told to some minutes only: rules see what was scraped, some seconds late, are evaluated now
// and then, and windows and thresholds are met by a hair. So a condition counts as met where it is met with a tenth to
// spare, and as not met where a tenth is missing.
const (
	spare = 1.1
	scant = 0.9
	// No alert fires for fewer bad events, and none must for so few more.
	fewest     = 3
	fewestSure = 5
	// Firings that are so close are one.
	together = 30 * minute
	step     = 30 * second
)

// How late an alert of windows may fire, beyond the time that its condition must hold, and how long it may stay.
func (p pair) tolerance() int64 { return max(3*minute, min(p.short/4, 30*minute)) }

// Part of a window that is known: what was before the SLO, or in an outage of Prometheus that nothing bridges, is not.
func (s *simulation) known(from, to int64) float64 {
	known := max(to-max(from, s.shape.begins), 0)
	for _, d := range append(s.unbridged(), s.shape.excluded...) {
		known -= max(0, min(to, d.to)-max(from, d.from))
	}
	return float64(known) / float64(to-from)
}

// Outages of Prometheus that are too long to be bridged.
func (s *simulation) unbridged() []stretch {
	var list []stretch
	for _, d := range s.shape.down {
		if d.to-d.from > hour {
			list = append(list, d)
		}
	}
	return list
}

// How many times faster than is sustainable the budget burnt over a window, where what is unknown counts as nothing; and how
// many bad events there were. Some of them may be left out.
func (s *simulation) burn(to, length int64, budget, without float64) (rate, bad float64) {
	total, bad := s.charged(s.counted, to-length, to)
	for _, d := range s.unbridged() {
		if from, to := max(to-length, d.from), min(to, d.to); from < to {
			lostTotal, lostBad := s.counted.between(from, to)
			total, bad = total-lostTotal, bad-lostBad
		}
	}
	if total == 0 {
		return 0, 0
	}
	return max(bad-without, 0) / total * s.known(to-length, to) / budget, bad
}

// When a pair's condition holds: surely, and at all. Rules see what was scraped last, so it surely holds if it does for
// windows that end up to two scrapes ago too, even with a bad event less, and it may hold if it does for one of them.
func (s *simulation) conditions(p pair, budget func(int64) float64) (sure, possible []stretch) {
	var surely, possibly collector
	for t := int64(0); t <= s.shape.length; t += step {
		isSure, isPossible := true, false
		for lag := range int64(3) {
			to, budget := t-lag*s.shape.scrape, budget(t)
			short, _ := s.burn(to, p.short, budget, 1)
			long, bad := s.burn(to, p.long, budget, 1)
			isSure = isSure && min(short, long) > p.factor*spare && bad >= fewestSure
			short, _ = s.burn(to, p.short, budget, 0)
			long, _ = s.burn(to, p.long, budget, 0)
			isPossible = isPossible || min(short, long) > p.factor*scant && bad >= fewest
		}
		surely.add(t, isSure)
		possibly.add(t, isPossible)
	}
	return surely.list, possibly.list
}

type collector struct{ list []stretch }

func (c *collector) add(t int64, holds bool) {
	if !holds {
		return
	}
	if n := len(c.list); n > 0 && c.list[n-1].to >= t {
		c.list[n-1].to = t + step
		return
	}
	c.list = append(c.list, stretch{t, t + step})
}

// A verdict counts what fired against what should have.
type verdict struct {
	due, fired, missing, wrong int
}

func (v *verdict) plus(other verdict) {
	v.due += other.due
	v.fired += other.fired
	v.missing += other.missing
	v.wrong += other.wrong
}

// Judges firings, in milliseconds since the beginning, by when they were due and when they were allowed. What is due close
// to each other, while it is allowed, is one.
func judge(fired, due, allowed []stretch, tolerance int64) verdict {
	v := verdict{fired: len(join(fired, together))}
	for _, incident := range join(allowed, together) {
		isDue, isMissing := false, false
		for _, d := range due {
			if overlaps([]stretch{incident}, d) {
				isDue = true
				isMissing = isMissing || !overlaps(fired, d)
			}
		}
		if isDue {
			v.due++
		}
		if isMissing {
			v.missing++
		}
	}
	for _, f := range fired {
		if !overlaps(allowed, stretch{f.from - tolerance, f.to}) {
			v.wrong++
		}
	}
	return v
}

func overlaps(list []stretch, with stretch) bool {
	for _, s := range list {
		if s.from < with.to && with.from < s.to {
			return true
		}
	}
	return false
}

// Joins what is nearer to each other than a gap.
func join(list []stretch, gap int64) []stretch {
	sorted := sortStretches(list)
	var joined []stretch
	for _, s := range sorted {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to+gap {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// When alerts of a pair were due: where the condition surely holds for as long as it must, and for a tolerance more, while
// Prometheus can see it, the alert must fire until then.
func (s *simulation) due(p pair, sure []stretch) []stretch {
	var due []stretch
	blind := join(append(append([]stretch{}, s.shape.down...), s.shape.unscraped...), 0)
	for _, c := range sure {
		for _, seen := range without(c, blind) {
			if seen.to-seen.from >= p.hold+p.tolerance() {
				due = append(due, stretch{seen.from, seen.from + p.hold + p.tolerance()})
			}
		}
	}
	return due
}

// What is left of a stretch without others, which are in order.
func without(s stretch, others []stretch) []stretch {
	var left []stretch
	from := s.from
	for _, o := range others {
		if o.to <= from || o.from >= s.to {
			continue
		}
		if o.from > from {
			left = append(left, stretch{from, o.from})
		}
		from = o.to
	}
	if from < s.to {
		left = append(left, stretch{from, s.to})
	}
	return left
}
