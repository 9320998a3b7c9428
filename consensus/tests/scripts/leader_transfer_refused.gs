# A transfer to somebody who cannot lead, while another goes on, or by a node that does not lead ends at once.

cluster nodes=4 weights=5.5.0.5 log=4
transfer 1 2
(stand 1)
(deliver count=6)
transfer 1 2
(deliver)
transfer 1 3
transfer 1 4
transfer 1 1
transfer 1 9
transfer 2 1
cancel 1
transfer 1 2
transfer 1 2
---
n1 does not hand over: NotLeading
n1 does not hand over: NotLeading
n1 does not hand over: NotEligible
n1 does not hand over: NotEligible
n1 does not hand over: NotEligible
n1 does not hand over: NotEligible
n2 does not hand over: NotLeading
n1 holds proposals for n2
n1 has no lease any more
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n2 TimeoutNow term=1 seq=1
n1 does not hand over: Busy

cluster nodes=3 weights=5.0.0
(stand 1)
(deliver)
transfer 1
---
n1 does not hand over: NoTarget
