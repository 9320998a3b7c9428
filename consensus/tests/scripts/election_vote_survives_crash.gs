# A voter that crashes after its vote is on disk does not vote for another in the same term.

cluster nodes=3
(stand 1)
(stand 2)
(deliver to=3)
(deliver from=3)
(deliver from=1 to=3)
drop
status
---
dropped 6
n1 candidate term=1 leader=nobody commit=0 durable=0 log=[]
n2 candidate term=1 leader=nobody commit=0 durable=0 log=[]
n3 follower term=1 leader=nobody commit=0 durable=0 log=[]

crash 3
restart 3
tick 3 60
status 3
---
n3 follower term=1 leader=nobody commit=0 durable=0 log=[]

# n2 asks n3 in the same term.
(connect 2 3)
deliver from=2 to=3
---
n3 -> n2 VoteReply term=1 granted=false
