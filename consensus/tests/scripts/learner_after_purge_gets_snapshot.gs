# A learner that needs what its source has purged is told to get a snapshot, and goes on behind it.

cluster nodes=3 learners=3
(stand 1)
(deliver)
(propose 1 a b c d)
(deliver)
(applied 1 5)
(purge 1 4)
(tick 1 10)
(deliver)
(tick 3)
deliver
---
n1 -> n3 SnapshotNeeded term=1 from=n1 at_least=4
n3 fetches a snapshot from n1 (leader n1) of at least 4

propose 1 e
deliver
stage 3 of=2
tick 3 10
deliver
status
---
n1 write 4: append 6@1:e
n1 -> n2 Append term=1 prev=5@1 commit=5 6@1:e
n2 write 4: append 6@1:e
n2 -> n1 AppendAck term=1 match=6 (after write 4)
n1 commits up to 6
n1 -> n2 Commit term=1 commit=6
n2 commits up to 6
n3 write 2: nothing after 6@1
n3 -> n1 Subscribe term=1 commit=6 applied=0
n1 -> n3 Feed term=1 prev=6@1 commit=6 nothing
n3 -> n1 FeedAck term=1 match=6
n1 leader term=1 leader=n1 commit=6 durable=6 log=[4..1,1]
  n2 pipeline match=6 next=7 inflight=0
  n3 learner holds=6
  feeds n3 match=6 next=7
n2 follower term=1 leader=n1 commit=6 durable=6 log=[1,1,1,1,1,1]
n3 learner term=1 leader=n1 commit=6 durable=6 log=[6..]
  fed by n1
