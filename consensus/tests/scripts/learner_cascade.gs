# A learner may be fed by a learner.

cluster nodes=5 learners=4.5
(stand 1)
(deliver)
(pass 15)
(change 1 source 5 4)
(pass 20)
propose 1 a
deliver
status
---
n1 write 4: append 3@1:a
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:a
n1 -> n3 Append term=1 prev=2@1 commit=2 3@1:a
n2 write 4: append 3@1:a
n2 -> n1 AppendAck term=1 match=3 (after write 4)
n3 write 4: append 3@1:a
n3 -> n1 AppendAck term=1 match=3 (after write 4)
n1 commits up to 3
n1 -> n2 Commit term=1 commit=3
n1 -> n4 Feed term=1 prev=2@1 commit=3 3@1:a
n1 -> n5 Feed term=1 prev=2@1 commit=3 3@1:a
n1 -> n3 Commit term=1 commit=3
n2 commits up to 3
n4 write 4: append 3@1:a
n4 commits up to 3
n4 -> n1 FeedAck term=1 match=3 (after write 4)
n4 -> n5 Feed term=1 prev=2@1 commit=3 3@1:a
n5 write 4: append 3@1:a
n5 commits up to 3
n5 -> n1 FeedAck term=1 match=3 (after write 4)
n3 commits up to 3
n5 -> n4 FeedAck term=1 match=3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  n4 learner holds=3
  n5 learner holds=3
  feeds n4 match=3 next=4
  feeds n5 match=3 next=4
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n3 follower term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
n4 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  feeds n5 match=3 next=4
  fed by n1
n5 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n4
