# Answers of nodes that were not asked, and messages with impossible numbers, change nothing and are counted.

cluster nodes=3
(stand 1)
(deliver)
ack from=9 to=1 term=1 match=1
heartbeat from=1 to=1 term=7
heartbeat from=2 to=1 term=0
heartbeat from=2 to=1 term=9223372036854775807
append from=2 to=3 term=9 prev=18446744073709551615 prev_term=1
ack from=2 to=1 term=1 match=50
heartbeat from=2 to=3 term=1
heartbeat from=2 to=1 term=1
status
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=2 malformed=2 stale=1 impossible=2
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=1 stale=0 impossible=1
