# A leader that can speak but not hear keeps its followers quiet only until it notices.

cluster nodes=3
(stand 1)
(deliver)
oneway 2 1
oneway 3 1
(tick 1 59)
(deliver)
tick 1
status
---
n1 is follower in term 1, leader nobody
n1 follower term=1 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
