# A learner that misses a batch says once where to go on, however many batches follow.

cluster nodes=3 learners=3 batch=1
(stand 1)
(deliver)
(tick 1 10)
(deliver)
(tick 3)
(deliver)
feed from=1 to=3 term=1 prev=5 prev_term=1 commit=6 f
feed from=1 to=3 term=1 prev=6 prev_term=1 commit=7 g
deliver
---
n3 -> n1 FeedAck term=1 match=1 gap

(propose 1 a b c d)
(deliver to=2)
(deliver to=1)
drop to=3
tick 3 10
deliver
status 3
---
dropped 4
n3 -> n1 Subscribe term=1 commit=1 applied=0
n2 commits up to 5
n1 -> n3 Feed term=1 prev=1@1 commit=5 nothing
n3 -> n1 FeedAck term=1 match=1
n3 learner term=1 leader=n1 commit=1 durable=1 log=[1]
  fed by n1
