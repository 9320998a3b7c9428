# One change at a time: the next is refused until the one before is committed, and on a leader that has committed nothing yet.

cluster nodes=3
change 1 add 4
(stand 1)
(deliver to=2)
(deliver to=3)
(deliver to=2)
(deliver to=3)
(deliver to=1)
status 1
change 1 add 4
---
n1 refuses: this node does not lead
n1 candidate term=1 leader=nobody commit=0 durable=0 log=[]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 refuses: this node does not lead

(deliver)
change 1 add 4
change 1 add 5
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3 n4:learner
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n1 refuses: another change of the members, at log index 2, is not committed yet; try again

deliver
change 1 add 5
---
n2 write 3: append 2@1:members
n2 members from 2: n1 n2 n3 n4:learner
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n3 write 3: append 2@1:members
n3 members from 2: n1 n2 n3 n4:learner
n3 -> n1 AppendAck term=1 match=2 (after write 3)
n1 commits up to 2
n1 -> n2 Commit term=1 commit=2
n1 -> n3 Commit term=1 commit=2
n2 commits up to 2
n3 commits up to 2
n1 write 4: append 3@1:members
n1 members from 3: n1 n2 n3 n4:learner n5:learner
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:members
n1 -> n3 Append term=1 prev=2@1 commit=2 3@1:members

change 2 add 6
transfer 1 2
change 1 add 6
---
n2 refuses: this node does not lead
n1 holds proposals for n2
n1 refuses: the leader is not ready to change the members; try again
