# A voter that became a learner gives up entries that were never committed when it is fed others, and never what is committed.

cluster nodes=3 learners=3
node 3 terms=1.1.1 term=1 commit=1
heartbeat from=1 to=3 term=2 seq=1 learner=true
feed from=1 to=3 term=2 prev=1 prev_term=1 commit=3 entry_term=2 x y
status 3
---
n3 write 1: term 2 vote nobody
n3 is learner in term 2, leader n1
n3 -> n1 HeartbeatAck term=2 seq=1 commit=1 applied=0 (after write 1)
n3 write 2: truncate from 2
n3 write 3: append 2@2:x 3@2:y
n3 commits up to 3
n3 -> n1 FeedAck term=2 match=3 (after write 3)
n3 learner term=2 leader=n1 commit=3 durable=3 log=[1,2,2]
  fed by n1

feed from=1 to=3 term=2 prev=1 prev_term=1 commit=3 entry_term=1 z
status 3
---
n3 learner term=2 leader=n1 commit=3 durable=3 log=[1,2,2]
  fed by n1
  ignored unknown=0 malformed=0 stale=0 impossible=1
