# An order to take over that is older than the last heartbeat, of another term, of somebody else, or to a node that has heard nothing yet, does nothing.

cluster nodes=4 learners=4
(stand 1)
(deliver)
timeout from=1 to=2 term=1 seq=9
(tick 1 10)
(deliver)
(tick 1 10)
(deliver)
timeout from=1 to=2 term=1 seq=1
timeout from=3 to=2 term=1 seq=2
timeout from=1 to=2 term=2 seq=2
timeout from=1 to=4 term=1 seq=2
status 2
---
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=4 impossible=0

# After a restart it has heard nothing again.
crash 2
restart 2
timeout from=1 to=2 term=1 seq=2
(tick 1 10)
(deliver)
timeout from=1 to=2 term=1 seq=2
timeout from=1 to=2 term=1 seq=3
---
n2 write 1: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=1@1 transfer (after write 1)
n2 -> n3 Vote term=2 last=1@1 transfer (after write 1)
