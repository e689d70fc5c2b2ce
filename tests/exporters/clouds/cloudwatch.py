"""An imitation of CloudWatch for scrapes: `cloudwatch.py PORT BACKEND` fills moto's server at BACKEND with what AWS reports of a
load balancer, a queue, a database, a distribution and a bucket, and serves it at PORT. In between, it translates the protocol
that newer clients speak (RPC v2 with CBOR), and answers a percentile with the maximum, because moto knows neither."""

import datetime
import http.client
import http.server
import re
import sys
import urllib.parse

import boto3
import cbor2

PORT, BACKEND = int(sys.argv[1]), sys.argv[2]
ARGS = dict(
    endpoint_url=BACKEND,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    verify=False,
)
cloudwatch = boto3.client("cloudwatch", **ARGS)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)


def put(namespace, name, dimensions, value, unit="Count"):
    """A value of the minute before, or a list of them."""
    values = value if isinstance(value, list) else [value]
    datum = {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
        "Unit": unit,
        "Values": values,
        "Counts": [1.0] * len(values),
        "Timestamp": NOW - datetime.timedelta(minutes=1),
    }
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])


def fill():
    """Resources, for exporters that look for them, and their metrics."""
    tags = [{"Key": "team", "Value": "shop"}]
    ec2, elb = boto3.client("ec2", **ARGS), boto3.client("elbv2", **ARGS)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = []
    for number, zone in enumerate("ab"):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )
        subnets.append(subnet["Subnet"]["SubnetId"])
    balancer = elb.create_load_balancer(Name="shop", Subnets=subnets, Tags=tags)
    balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, Tags=tags)
    group = group["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    for queue in ("orders", "orders-dead"):
        boto3.client("sqs", **ARGS).create_queue(QueueName=queue, tags={"team": "shop"})
    boto3.client("rds", **ARGS).create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        MasterUsername="example",
        MasterUserPassword="example-password",
        AllocatedStorage=20,
        Tags=tags,
    )

    of_balancer = {"LoadBalancer": balancer.split("loadbalancer/")[1]}
    of_group = {"TargetGroup": group.split(":")[-1]}
    zone = {"AvailabilityZone": "us-east-1a"}
    alb = "AWS/ApplicationELB"
    for place in ({}, zone):
        for more in ({}, of_group):
            of = of_balancer | more | place
            for name, value in {
                "RequestCount": 540.0,
                "HTTPCode_Target_2XX_Count": 590.0,
                "HTTPCode_Target_4XX_Count": 6.0,
                "HTTPCode_Target_5XX_Count": 1.0,
                "TargetConnectionErrorCount": 1.0,
            }.items():
                put(alb, name, of, value)
            put(alb, "TargetResponseTime", of, [0.05, 0.08, 0.4], "Seconds")
        for name, value in {
            "HTTPCode_ELB_4XX_Count": 3.0,
            "HTTPCode_ELB_5XX_Count": 1.0,
            "HTTPCode_ELB_502_Count": 1.0,
            "HTTPCode_ELB_503_Count": 1.0,
            "HTTPCode_ELB_504_Count": 1.0,
            "RejectedConnectionCount": 1.0,
            "ActiveConnectionCount": 80.0,
            "NewConnectionCount": 120.0,
        }.items():
            put(alb, name, of_balancer | place, value)
        put(alb, "ProcessedBytes", of_balancer | place, 2e6, "Bytes")
        put(alb, "HealthyHostCount", of_balancer | of_group | place, 3.0)
        put(alb, "UnHealthyHostCount", of_balancer | of_group | place, 0.0)

    for queue, waiting in {"orders": 12.0, "orders-dead": 0.0}.items():
        of = {"QueueName": queue}
        put("AWS/SQS", "ApproximateNumberOfMessagesVisible", of, waiting)
        put("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", of, waiting / 4)
        put("AWS/SQS", "ApproximateNumberOfMessagesDelayed", of, 0.0)
        put("AWS/SQS", "ApproximateAgeOfOldestMessage", of, waiting * 2, "Seconds")
        for name in SQS_SUMS:
            put("AWS/SQS", name, of, waiting * 10)

    for name, value in RDS.items():
        put("AWS/RDS", name, {"DBInstanceIdentifier": "orders"}, value)
    for name, value in CLOUDFRONT.items():
        put("AWS/CloudFront", name, {"DistributionId": "E2EXAMPLE", "Region": "Global"}, value)
    for name, value in S3.items():
        put("AWS/S3", name, {"BucketName": "shop-pictures", "FilterId": "all"}, value)


SQS_SUMS = [
    "NumberOfMessagesSent",
    "NumberOfMessagesReceived",
    "NumberOfMessagesDeleted",
    "NumberOfEmptyReceives",
]
RDS = {
    "CPUUtilization": 35.0,
    "DatabaseConnections": 40.0,
    "FreeableMemory": 1.2e9,
    "FreeStorageSpace": 9e9,
    "ReadLatency": 0.0008,
    "WriteLatency": 0.0016,
    "ReadIOPS": 120.0,
    "WriteIOPS": 200.0,
    "DiskQueueDepth": 0.4,
    "ReplicaLag": 0.2,
    "BurstBalance": 99.0,
    "CPUCreditBalance": 500.0,
    "SwapUsage": 0.0,
    "MaximumUsedTransactionIDs": 4e7,
    "OldestReplicationSlotLag": 1e6,
    "TransactionLogsDiskUsage": 1e8,
}
CLOUDFRONT = {
    "Requests": 1200.0,
    "BytesDownloaded": 5e7,
    "BytesUploaded": 1e5,
    "TotalErrorRate": 1.5,
    "4xxErrorRate": 1.0,
    "5xxErrorRate": 0.5,
    "502ErrorRate": 0.25,
    "503ErrorRate": 0.0,
    "504ErrorRate": 0.25,
    "CacheHitRate": 92.0,
    "OriginLatency": [40.0, 60.0, 300.0],
}
S3 = {
    "AllRequests": 300.0,
    "GetRequests": 280.0,
    "PutRequests": 20.0,
    "4xxErrors": 2.0,
    "5xxErrors": 1.0,
    "FirstByteLatency": [20.0, 45.0],
    "TotalRequestLatency": [30.0, 80.0],
    "BytesDownloaded": 4e6,
    "BytesUploaded": 1e6,
}


def plain(value):
    """What an answer of boto3 is in CBOR."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return cbor2.CBORTag(1, value.timestamp())
    return value


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if "/operation/" not in self.path:
            return self.forward(body)
        operation = self.path.rsplit("/", 1)[1]
        asked = cbor2.loads(body) if body else {}
        asked = {key: value for key, value in asked.items() if value is not None}
        for query in asked.get("MetricDataQueries", []):
            if query["MetricStat"]["Stat"].startswith("p"):
                query["MetricStat"]["Stat"] = "Maximum"
        method = re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()
        answer = plain(getattr(cloudwatch, method)(**asked))
        if operation == "ListMetrics":
            answer.pop("NextToken", None)
        self.answer(200, {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}, cbor2.dumps(answer))

    do_GET = do_POST

    def forward(self, body):
        backend = urllib.parse.urlsplit(BACKEND)
        connection = http.client.HTTPConnection(backend.hostname, backend.port)
        dropped = ("content-length", "accept-encoding", "connection")
        headers = {key: value for key, value in self.headers.items() if key.lower() not in dropped}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        kind = {"content-type": response.getheader("content-type", "text/xml")}
        self.answer(response.status, kind, response.read())

    def answer(self, status, headers, body):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


fill()
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
