// Serves the metrics of Temporal's server as its configuration makes them, with the definitions and tags that the server
// uses, for requests and tasks that are made up here.
package main

import (
	"context"
	"os"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/tqid"
)

func main() {
	root, err := metrics.MetricsHandlerFromConfig(log.NewNoopLogger(), &metrics.Config{
		Prometheus: &metrics.PrometheusConfig{ListenAddress: os.Args[1], HandlerPath: "/metrics", Framework: os.Args[2]},
	})
	if err != nil {
		panic(err)
	}
	service := func(name primitives.ServiceName) metrics.Handler { return root.WithTags(metrics.ServiceNameTag(name)) }

	frontend := service(primitives.FrontendService)
	metrics.RestartCount.With(frontend).Record(1)
	for _, operation := range []string{"StartWorkflowExecution", "RespondWorkflowTaskCompleted", "PollWorkflowTaskQueue"} {
		on := frontend.WithTags(metrics.OperationTag(operation), metrics.NamespaceTag("shop"))
		metrics.ServiceRequests.With(on).Record(1)
		metrics.ServiceLatency.With(on).Record(20 * time.Millisecond)
	}
	on := frontend.WithTags(metrics.OperationTag("StartWorkflowExecution"), metrics.NamespaceTag("shop"))
	metrics.ServiceFailures.With(on).Record(1)
	metrics.ServiceErrorWithType.With(on).Record(1, metrics.ServiceErrorTypeTag(serviceerror.NewUnavailable("down")))
	metrics.ServiceErrResourceExhaustedCounter.With(on).Record(1,
		metrics.ResourceExhaustedCauseTag(enumspb.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT),
		metrics.ResourceExhaustedScopeTag(enumspb.RESOURCE_EXHAUSTED_SCOPE_NAMESPACE))

	history := service(primitives.HistoryService)
	store := history.WithTags(metrics.OperationTag("UpdateWorkflowExecution"))
	metrics.PersistenceRequests.With(store).Record(3)
	metrics.PersistenceLatency.With(store).Record(5 * time.Millisecond)
	for _, err := range []error{
		&persistence.TimeoutError{}, &persistence.ConditionFailedError{}, &persistence.WorkflowConditionFailedError{},
		&persistence.CurrentWorkflowConditionFailedError{}, &persistence.ShardOwnershipLostError{},
		&persistence.ShardAlreadyExistError{}, &persistence.InvalidPersistenceRequestError{},
		&persistence.TransactionSizeLimitError{}, serviceerror.NewNotFound(""), serviceerror.NewNamespaceNotFound(""),
		serviceerror.NewNamespaceAlreadyExists(""), serviceerror.NewUnavailable("down"), serviceerror.NewInternal("broken"),
		context.DeadlineExceeded,
	} {
		metrics.PersistenceErrorWithType.With(store).Record(1, metrics.ServiceErrorTypeTag(err))
	}
	metrics.ShardContextCreatedCounter.With(history).Record(4)
	ended := history.WithTags(metrics.OperationTag("CompletionStats"), metrics.NamespaceTag("shop"))
	metrics.WorkflowSuccessCount.With(ended).Record(1)
	metrics.WorkflowFailedCount.With(ended).Record(1)
	metrics.WorkflowTimeoutCount.With(ended).Record(1)

	family, err := tqid.NewTaskQueueFamily("id", "orders")
	if err != nil {
		panic(err)
	}
	matching := service(primitives.MatchingService)
	for _, kind := range []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_WORKFLOW, enumspb.TASK_QUEUE_TYPE_ACTIVITY} {
		queue := metrics.GetPerTaskQueuePartitionIDScope(matching, "shop", family.TaskQueue(kind).RootPartition(), true, true)
		metrics.ApproximateBacklogCount.With(queue).Record(5)
		metrics.ApproximateBacklogAgeSeconds.With(queue).Record(60)
		metrics.PollSuccessPerTaskQueueCounter.With(queue).Record(1)
		metrics.PollTimeoutPerTaskQueueCounter.With(queue).Record(1)
		metrics.NoRecentPollerTasksPerTaskQueueCounter.With(queue).Record(1)
	}
	select {}
}
