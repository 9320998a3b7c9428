# A learner that lacks too many committed entries is not given a vote.

cluster nodes=4 learners=4 lag=3
(stand 1)
(deliver)
(propose 1 a b c d)
(deliver)
change 1 promote 4
---
n1 refuses: node n4 is 5 entries behind; at most 3 are allowed

(tick 1 10)
(deliver)
(tick 4)
(deliver)
(propose 1 e)
(deliver)
(tick 1 10)
(deliver)
change 1 promote 4
members 1
---
n1 write 5: append 7@1:members
n1 members from 7: n1 n2 n3 n4
n1 -> n2 Append term=1 prev=6@1 commit=6 7@1:members
n1 -> n3 Append term=1 prev=6@1 commit=6 7@1:members
n1 -> n4 Append term=1 prev=7@1 commit=6 nothing
n1 members from 7 (not committed): n1 n2 n3 n4; all hold 6
