# A change that is made already is done, and one that contradicts what is there is refused with the reason.

cluster nodes=4 learners=4
(stand 1)
(deliver)
change 1 add 4
change 1 promote 2
change 1 demote 4
change 1 weight 2 5
change 1 source 4
change 1 weight 4 3
change 1 weight 2 10
change 1 source 2 3
change 1 source 4 4
change 1 demote 1
change 1 remove 1
change 1 remove 9
change 1 address 2
(deliver)
change 1 remove 4
(deliver)
change 1 remove 4
change 1 add 4
change 1 promote 4
members 1
---
n1: done already
n1: done already
n1: done already
n1: done already
n1: done already
n1 refuses: node n4 is a learner, not a voter
n1 refuses: a weight is 0 to 9, not 10
n1 refuses: node n2 is a voter, not a learner
n1 refuses: node n4 cannot be the source
n1 refuses: node n1 is the leader; transfer the leadership first
n1 refuses: node n1 is the leader; transfer the leadership first
n1 refuses: there is no member n9
n1 write 3: append 2@1:members
n1 members from 2: n1 n2 n3 n4:learner
n1 -> n2 Append term=1 prev=1@1 commit=1 2@1:members
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n1 write 4: append 3@1:members
n1 members from 3: n1 n2 n3 without n4
n1 -> n2 Append term=1 prev=2@1 commit=2 3@1:members
n1 -> n3 Append term=1 prev=2@1 commit=2 3@1:members
n1: done already
n1 refuses: node n4 was removed from the cluster; its id cannot be used again: start it with an empty data folder as a new node
n1 refuses: node n4 was removed from the cluster; its id cannot be used again: start it with an empty data folder as a new node
n1 members from 3 (committed): n1 n2 n3 without n4; all hold 0
