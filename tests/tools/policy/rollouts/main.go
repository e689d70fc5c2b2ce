// Command rollouts says what Argo Rollouts makes of measurements: for each line of standard input, a JSON object with
// a result and the conditions of a metric, it writes the phase.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/sirupsen/logrus"
)

// A measurement as Prometheus gives it: a sample's value for each series, null for NaN.
type measurement struct {
	Result           []*float64 `json:"result"`
	SuccessCondition string     `json:"successCondition"`
	FailureCondition string     `json:"failureCondition"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var given measurement
		if err := json.Unmarshal(lines.Bytes(), &given); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		result := []float64{}
		for _, value := range given.Result {
			if value == nil {
				result = append(result, math.NaN())
			} else {
				result = append(result, *value)
			}
		}
		metric := v1alpha1.Metric{
			SuccessCondition: given.SuccessCondition,
			FailureCondition: given.FailureCondition,
		}
		phase, err := evaluate.EvaluateResult(result, metric, *logrus.NewEntry(logrus.New()))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		fmt.Println(phase)
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
